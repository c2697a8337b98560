package compliance

import "github.com/longshore-dev/longshore/api/v1alpha1"

// statement is what a client that is not small has determined.
var statement = facts{"conclusion": "selfEmployed", "statusDeterminationStatement": "https://contracts.example.com/sds"}

// small is a client exactly at two of the three limits for financial years from 2025-04-06 on, and beyond the third.
var small = facts{"clientFinancialYearFrom": "2025-04-06", "clientTurnoverGBP": "15000000", "clientBalanceSheetGBP": "7500000", "clientEmployees": "51"}

// formerlySmall is the same for the financial years before.
var formerlySmall = facts{"clientFinancialYearFrom": "2025-04-05", "clientTurnoverGBP": "10200000", "clientBalanceSheetGBP": "5100000", "clientEmployees": "51"}

func offPayroll() []example {
	in := in("GB")
	about := rulesOf("uk-off-payroll")
	const sds, answered, claim = "status-determination-statement", "disagreement-answered", "feedback/status-determination"
	raised := said(claim, v1alpha1.VerdictRaised, "ada", "2027-01-01T18:00:00Z")
	answer := said(claim, v1alpha1.VerdictActioned, "lena", "2027-02-28T09:00:00Z")
	determined := func(f facts) func(*caseOf) { return determined(f, "2027-01-01") }
	return []example{
		about(theDetermination).holds("it was determined this year", "it counts for a year", given(in, determined(statement))),
		about(theDetermination).fails("the requester only claims the conclusion", "the client determines it", given(in, claimed(statement)), "determin"),
		about(sds).holds("the determination names the conclusion and the statement", "the client that is not small has issued one", given(in, determined(statement))),
		about(sds).fails("there is a conclusion and no statement", "a conclusion without reasons is none", given(in, determined(statement.but("statusDeterminationStatement", ""))), "status determination statement"),
		about(sds).fails("the conclusion is undecided", "it has to be one of the two", given(in, determined(statement.but("conclusion", "undecided"))), "employed or selfEmployed"),
		about(sds).holds("the person works through no intermediary", "the rules are about intermediaries", given(in, determined(facts{"throughIntermediary": "false"}))),
		about(sds).holds("turnover is GBP 15,000,000, the balance sheet GBP 7,500,000, with 51 staff", "at most is within: two of three make it small", given(in, determined(small))),
		about(sds).fails("turnover is GBP 15,000,000.01 instead", "one of three is not enough", given(in, determined(small.but("clientTurnoverGBP", "15000000.01"))), "not small"),
		about(sds).fails("the balance sheet is GBP 7,500,000.01 instead", "one of three is not enough", given(in, determined(small.but("clientBalanceSheetGBP", "7500000.01"))), "not small"),
		about(sds).holds("turnover is beyond, with 50 staff", "any two of the three do", given(in, determined(small.but("clientTurnoverGBP", "15000000.01").but("clientEmployees", "50")))),
		about(sds).fails("the same figures are of a financial year from 2025-04-05", "the limits were lower then", given(in, determined(small.but("clientFinancialYearFrom", "2025-04-05"))), "not small"),
		about(sds).fails("the same figures are of a financial year that nobody named", "the lower limits count", given(in, determined(small.but("clientFinancialYearFrom", ""))), "not small"),
		about(sds).holds("turnover is GBP 10,200,000, the balance sheet GBP 5,100,000, for a financial year from 2025-04-05", "within the former limits",
			given(in, determined(formerlySmall))),
		about(sds).fails("turnover is GBP 10,200,000.01 for that year", "beyond the former limit", given(in, determined(formerlySmall.but("clientTurnoverGBP", "10200000.01"))), "not small"),
		about(sds).fails("the figures are left out", "nobody is small unless it is determined", given(in, determined(facts{"clientFinancialYearFrom": "2025-04-06"})), "not small"),
		about("employed-for-tax").holds("the conclusion is selfEmployed", "the intermediary is paid in full", given(in, determined(statement))),
		about("employed-for-tax").fails("the conclusion is employed", "tax is deducted before payment", given(in, determined(statement.but("conclusion", "employed"))), "payroll"),
		about(answered).holds("raised on 1 January, unanswered at the last second of the 45th day, 14 February", "the day on which it is raised is the first",
			given(in, determined(statement), raised, at("2027-02-14T23:59:59Z"))),
		about(answered).fails("unanswered a second later", "the 45 calendar days are over", given(in, determined(statement), raised, at("2027-02-15")), "45 calendar days"),
		about(answered).holds("answered, if late", "what is answered is waited for no more", given(in, determined(statement), raised, answer)),
		about(answered).fails("raised again after the answer", "the answer was to the earlier one",
			given(in, determined(statement), answer, said(claim, v1alpha1.VerdictRaised, "ada", "2027-03-01"), at("2027-04-15")), "45 calendar days"),
		about(answered).fails("only acknowledged", "to acknowledge is not to answer",
			given(in, determined(statement), raised, said(claim, v1alpha1.VerdictAcknowledged, "lena", "2027-01-02")), "45 calendar days"),
	}
}

func agencyWork() []example {
	agency := as(v1alpha1.AgencyWorker)
	long := from("2027-03-01", "2028-12-01")
	var all []example

	about, there := rulesOf("uk-agency-workers"), in("GB")
	const awr = "equal-treatment-after-12-weeks"
	all = append(all,
		about(awr).holds("in the last second of the twelfth week", "the right begins after 12 weeks", given(agency, there, long, at("2027-05-23T23:59:59Z"))),
		about(awr).fails("a second later", "12 weeks are over", given(agency, there, long, at("2027-05-24")), "12 weeks"),
		about(awr).fails("after 12 weeks of which four were for another agency", "the hirer counts, not the agency",
			given(agency, there, long, sentBy("Acme", "2027-02-01", "2027-03-01"), at("2027-04-26")), "12 weeks"),
		about(awr).holds("it was settled with the agency", "that is what the right is to",
			given(agency, there, long, at("2027-06-01"), said("feedback/equal-treatment", v1alpha1.VerdictActioned, "lena", "2027-05-01"))),
	)

	about, there = rulesOf("nl-agency-workers"), in("NL")
	all = append(all,
		about("equal-pay").holds("it was settled with the agency", "pay is as for the hirer's own staff", given(agency, there, said("feedback/equal-pay", v1alpha1.VerdictActioned, "lena", "2027-03-01"))),
		about("equal-pay").fails("nobody says that it was settled", "it holds from the first day", given(agency, there), "first day"),
	)

	about, there = rulesOf("de-aueg"), in("DE")
	const nine = "equal-pay-at-nine-months"
	return append(all,
		about(theTenure).holds("in the last second of 18 months", "18 consecutive months are allowed", given(agency, there, long, at("2028-08-31T23:59:59Z"))),
		about(theTenure).fails("a second later", "18 months are over", given(agency, there, long, at("2028-09-01"))),
		about(theTenure).fails("after 18 months of which six were for another agency", "it is the person at the hirer that counts",
			given(agency, there, long, sentBy("Acme", "2026-09-01", "2027-03-01"), at("2028-03-01"))),
		about(theTenure).fails("the same, after a gap of three months", "only a longer gap begins the count anew",
			given(agency, there, long, sentBy("Acme", "2026-06-01", "2026-12-01"), at("2028-03-01"))),
		about(theTenure).holds("the same, after a gap of three months and a day", "the count begins anew",
			given(agency, there, long, sentBy("Acme", "2026-06-01", "2026-11-30"), at("2028-03-01"))),
		about(theTenure).fails("the assignment before ended in the afternoon of 31 March 2026, and this one began in the morning of 1 July", "the days between are three months, not more",
			given(agency, there, from("2026-07-01T06:00:00Z", "2028-12-01"), sentBy("Acme", "2025-10-01T08:00:00Z", "2026-03-31T15:00:00Z"), at("2027-06-30"))),
		about(nine).holds("in the last second of nine months", "from nine months on pay is equal", given(agency, there, long, at("2027-11-30T23:59:59Z"))),
		about(nine).fails("a second later", "nine months are over", given(agency, there, long, at("2027-12-01")), "nine months"),
		about(nine).holds("six months for another agency were followed by a gap of more than three", "the count began anew",
			given(agency, there, long, sentBy("Acme", "2026-05-01", "2026-11-01"), at("2027-11-30T23:59:59Z"))),
		about(nine).holds("it was settled with the agency", "pay is equal", given(agency, there, long, at("2028-01-01"), said("feedback/equal-pay", v1alpha1.VerdictActioned, "lena", "2027-11-01"))),
	)
}

func platformWork() []example {
	in := in("FR")
	ahead, oversight, presumption := rulesOf("eu-platform-work-ahead"), rulesOf("eu-platform-work"), rulesOf("eu-platform-work-presumption")
	none := facts{"directionAndControl": "false"}
	before := at("2026-12-01T23:59:59Z")
	const demotes, rebutted = "a-human-demotes", "no-direction-and-control"
	return []example{
		ahead(demotes).holds("a demotion in the pool is approved by a person", "a human decides", given(in, before, demoting(v1alpha1.DemotionRequiresApproval))),
		ahead(demotes).fails("a score alone demotes in the pool", "from 2026-12-02 it may not", given(in, before, demoting(v1alpha1.DemotionAutomatic)), "people", "RequiresApproval"),
		oversight(demotes).holds("the pool does not say", "by default a person approves a demotion", given(in)),
		oversight(demotes).fails("a score alone demotes in the pool", "a human has to decide, with reasons", given(in, demoting(v1alpha1.DemotionAutomatic)), "people", "RequiresApproval"),
		presumption(theDetermination).holds("it was determined this year", "it counts for a year", given(in, determined(none, "2027-03-01"))),
		presumption(theDetermination).fails("the requester only claims it", "the presumption is rebutted by who may determine", given(in, claimed(none)), "determin"),
		presumption(rebutted).holds("no facts of direction and control are determined", "the presumption does not arise", given(in, determined(none, "2027-03-01"))),
		presumption(rebutted).fails("there are such facts", "employment is presumed", given(in, determined(facts{"directionAndControl": "true"}, "2027-03-01")), "presumed"),
		presumption(rebutted).fails("nothing is said of them", "the burden is on the hirer", given(in, determined(nil, "2027-03-01")), "presumed"),
	}
}
