package compliance

import "github.com/longshore-dev/longshore/api/v1alpha1"

// independent is what an independent contractor's answers are where nothing points to employment.
var independent = facts{
	"givesInstructions": "false", "givesTraining": "false",
	"bearsOwnExpenses": "true", "hasOwnInvestment": "true", "offersToTheMarket": "true", "paidByResult": "true", "canProfitOrLose": "true",
	"writtenContract": "true", "employeeBenefits": "false", "permanent": "false", "keyAspectOfBusiness": "false",
}

var abc = facts{"freeFromControl": "true", "outsideUsualBusiness": "true", "independentTrade": "true"}

func irsCommonLaw() []example {
	in := in("US-TX")
	about := rulesOf("us-irs-common-law")
	return []example{
		about(theDetermination).holds("a person with the verb classify determined it a second less than a year ago", "it counts for a year",
			given(in, determined(independent, "2026-03-10T00:00:01Z"))),
		about(theDetermination).fails("the determination is a year old", "facts change: it is made anew each year",
			given(in, determined(independent, "2026-03-10")), "determin"),
		about(theDetermination).fails("the requester only claims the facts", "what is not determined does not count",
			given(in, claimed(independent)), "determin"),
		about("every-question-answered").holds("all eleven questions are answered", "no answer is better than another: a person decides",
			given(in, determined(independent, "2027-03-01"))),
		about("every-question-answered").fails("one question is open", "all three categories are weighed, or none",
			given(in, determined(independent.but("keyAspectOfBusiness", ""), "2027-03-01")), "keyAspectOfBusiness"),
		about("every-question-answered").fails("an answer is neither true nor false", "only what can be read counts",
			given(in, determined(independent.but("permanent", "no"), "2027-03-01")), "permanent"),
		about("behavioural-control").holds("nobody gives instructions or training", "how the work is done is the contractor's",
			given(in, determined(independent, "2027-03-01"))),
		about("behavioural-control").fails("givesTraining is true", "training points to employment, and decides nothing",
			given(in, determined(independent.but("givesTraining", "true"), "2027-03-01")), "givesTraining=true", "SS-8"),
		about("financial-control").holds("expenses, investment, market, pay and risk are the contractor's own", "they are in business for themselves",
			given(in, determined(independent, "2027-03-01"))),
		about("financial-control").fails("paidByResult and offersToTheMarket are false", "pay by time and a single client point to employment",
			given(in, determined(independent.but("paidByResult", "false").but("offersToTheMarket", "false"), "2027-03-01")), "offersToTheMarket=false paidByResult=false", "SS-8"),
		about("relationship").holds("there is a contract, no benefits, an end, and it is no key aspect of the business", "that is how contractors are engaged",
			given(in, determined(independent, "2027-03-01"))),
		about("relationship").fails("there is no written contract and the work is permanent", "both point to employment",
			given(in, determined(independent.but("writtenContract", "false").but("permanent", "true"), "2027-03-01")), "writtenContract=false permanent=true", "SS-8"),
	}
}

func nec() []example {
	in := in("US-TX")
	of2025, of2026 := rulesOf("us-1099-nec-2025"), rulesOf("us-1099-nec-2026")
	const rule = "w9-before-the-threshold"
	then := at("2025-06-10")
	all := []example{
		of2025(rule).holds("USD 599.99 are agreed for 2025", "a cent less than what is reported",
			given(in, then, from("2025-06-01", "2025-07-01"), budget("USD", "599.99"))),
		of2025(rule).fails("USD 600 are agreed for 2025, without a w9", "from USD 600 on it is reported",
			given(in, then, from("2025-06-01", "2025-07-01"), budget("USD", "600")), "W-9"),
		of2025(rule).fails("USD 300 and USD 300 are agreed for 2025, without a w9", "the year's budgets count together",
			given(in, then, from("2025-06-01", "2025-07-01"), budget("USD", "300"), also("2025-02-01", "2025-03-01", "USD", "300")), "W-9"),
		of2025(rule).fails("USD 100 are agreed for ten years that touch an eleventh", "what is not counted is not taken for nothing",
			given(in, then, from("2025-06-01", "2035-06-01"), budget("USD", "100")), "ten calendar years"),
		of2025(rule).holds("USD 600 are agreed, of which none is for 2025", "the next year has its own threshold",
			given(in, at("2025-12-20"), from("2026-01-01", "2026-02-01"), budget("USD", "600"))),
		of2026(rule).holds("USD 1,999.99 are agreed for 2027", "a cent less than what is reported",
			given(in, budget("USD", "1999.99"))),
		of2026(rule).fails("USD 2,000 are agreed for 2027, without a w9", "from USD 2,000 on it is reported",
			given(in, budget("USD", "2000")), "W-9"),
		of2026(rule).holds("USD 2,000 are agreed, and there is a w9", "the payer can report",
			given(in, budget("USD", "2000"), holding("w9", ""))),
		of2026(rule).holds("the w9 expires in a second", "until then it is valid",
			given(in, holding("w9", "2027-03-10T00:00:01Z"))),
		of2026(rule).fails("the w9 expires now", "one that has expired does not count",
			given(in, holding("w9", "2027-03-10")), "W-9"),
		of2026(rule).fails("USD 1,000 and USD 1,000 are agreed for 2027, one of them from 31 December 2026 on", "a budget counts in every year that it touches",
			given(in, budget("USD", "1000"), also("2026-12-31", "2027-01-02", "USD", "1000")), "W-9"),
		of2026(rule).holds("USD 1,000 are agreed for 2027, and USD 1,000 up to the end of 2026", "each year is counted alone",
			given(in, budget("USD", "1000"), also("2026-12-01", "2027-01-01", "USD", "1000"))),
		of2026(rule).fails("a third year is reached only by another contract", "every year that the contract touches is counted",
			given(in, from("2027-03-01", "2029-03-01"), budget("USD", "1000"), also("2029-02-01", "2029-03-01", "USD", "1000")), "W-9"),
		of2026(rule).holds("USD 1,999.99 are agreed for ten calendar years", "each of the ten is counted",
			given(in, from("2027-03-01", "2037-01-01"), budget("USD", "1999.99"))),
		of2026(rule).fails("USD 100 are agreed for ten years that touch an eleventh", "what is not counted is not taken for nothing",
			given(in, from("2027-03-01", "2037-03-01"), budget("USD", "100")), "ten calendar years"),
		of2026(rule).fails("EUR 100 are agreed, without a w9", "currencies are never converted, so nobody can tell",
			given(in, budget("EUR", "100")), "W-9"),
		of2026(rule).fails("USD 2,000 are agreed for 2026, without a w9", "from 2026 on this is the threshold",
			given(in, at("2026-06-10"), from("2026-06-01", "2026-07-01"), budget("USD", "2000")), "W-9"),
		of2026(rule).holds("the contract ended with 2025", "it was for a year with another threshold",
			given(in, at("2026-01-10"), from("2025-12-01", "2026-01-01"), budget("USD", "2000"))),
	}
	for _, year := range []struct {
		about              func(string) example
		at                 func(*caseOf)
		last, half         string
		start, end, newest string
	}{
		{of2025, then, "2024-12-31", "300", "2025-06-01", "2025-07-01", "2026"},
		{of2026, at("2027-03-10"), "2026-12-31", "1000", "2027-03-01", "2027-04-01", "2028"},
	} {
		own := func(changes ...func(*caseOf)) *caseOf {
			return given(append([]func(*caseOf){in, year.at, from(year.start, year.end), budget("USD", year.half)}, changes...)...)
		}
		begins := year.start[:4] + "-01-01"
		all = append(all,
			year.about(rule).holds("as much again was agreed with the person as an agency worker, and in another currency", "the agency reports its own",
				own(alsoAs(v1alpha1.AgencyWorker, "Acme", year.start, year.end, "USD", year.half), alsoAs(v1alpha1.AgencyWorker, "Acme", year.start, year.end, "EUR", "1"))),
			year.about(rule).holds("the next year's contract is for as much, and in another currency", "each year is counted alone",
				own(also(year.newest+"-02-01", year.newest+"-03-01", "USD", year.half), also(year.newest+"-02-01", year.newest+"-03-01", "CAD", "1"))),
			year.about(rule).fails("another contract of the year is in another currency", "currencies are never converted, so nobody can tell",
				own(also(year.start, year.end, "CAD", "1")), "W-9"),
			year.about(rule).holds("the last year's contract ended with it, in another currency", "each year is counted alone", own(also(year.last, begins, "CAD", "1"))),
			year.about(rule).fails("the last year's contract ended a second later, in another currency", "it touches this year too", own(also(year.last, begins+"T00:00:01Z", "CAD", "1")), "W-9"),
			year.about(rule).fails("the last year's contract ended a second later, for as much", "it touches this year too", own(also(year.last, begins+"T00:00:01Z", "USD", year.half)), "W-9"),
			year.about(rule).fails("the person holds another document", "only the w9 says what the payer has to report", own(budget("USD", "9000"), holding("nda", "")), "W-9"),
			year.about(rule).holds("there is a w9 that does not expire", "the payer can report", own(budget("USD", "9000"), holding("w9", ""))),
			year.about(rule).fails("the w9 has expired", "one that has expired does not count", own(budget("USD", "9000"), holding("w9", "2025-01-01")), "W-9"),
		)
	}
	return all
}

func californiaABC() []example {
	in := in("US-CA")
	about := rulesOf("us-ca-abc")
	return []example{
		about(theDetermination).holds("it was determined a second less than a year ago", "it counts for a year", given(in, determined(abc, "2026-03-10T00:00:01Z"))),
		about(theDetermination).fails("the requester only claims A, B and C", "the burden of proof is on the hirer", given(in, claimed(abc)), "determin"),
		about("all-three-hold").holds("A, B and C are determined to hold", "all three make a contractor", given(in, determined(abc, "2027-03-01"))),
		about("all-three-hold").fails("B is determined not to hold", "two of three make an employee",
			given(in, determined(abc.but("outsideUsualBusiness", "false"), "2027-03-01")), "outsideUsualBusiness"),
		about("all-three-hold").fails("C is not answered", "what is not shown does not hold",
			given(in, determined(abc.but("independentTrade", ""), "2027-03-01")), "independentTrade"),
		about("all-three-hold").holds("every criterion of section 2776 is determined to be met", "another test applies between businesses",
			given(in, determined(facts{"businessToBusiness2776": "true"}, "2027-03-01"))),
	}
}

// freelancePay are the laws that ask for a written contract from an amount on: just is that amount, below a cent less.
func freelancePay() []example {
	var all []example
	for _, law := range []struct{ policy, place, below, just, half string }{
		{"us-ny-freelance", "US-NY", "799.99", "800", "400"},
		{"us-il-freelance", "US-IL", "499.99", "500", "250"},
		{"us-ca-freelance", "US-CA", "249.99", "250", "125"},
	} {
		in, about := in(law.place), rulesOf(law.policy)
		half := budget("USD", law.half)
		all = append(all,
			about("written-contract").holds("USD "+law.below+" are agreed without a written contract", "a cent less than what the law is about", given(in, budget("USD", law.below))),
			about("written-contract").fails("USD "+law.just+" are agreed without a written contract", "from this amount on it has to be in writing",
				given(in, nobodyYet, budget("USD", law.just)), "in writing", "documentURI"),
			about("written-contract").holds("USD "+law.just+" are agreed in a contract with its digest", "it is in writing, and nobody can swap it", given(in, budget("USD", law.just), inWriting)),
			about("written-contract").fails("the contract has no digest", "nobody can tell what was agreed", given(in, budget("USD", law.just), digestless), "sha256"),
			about("written-contract").fails("EUR 1 is agreed without a written contract", "currencies are never converted, so nobody can tell", given(in, budget("EUR", "1")), "in writing"),
			about("written-contract-in-120-days").holds("as much was promised again, and ended 120 days before this start", "it lies before the 120 days",
				given(in, half, also("2026-10-01", "2026-11-01", "USD", law.half))),
			about("written-contract-in-120-days").fails("as much was promised again, and ended a second later", "within 120 days both count together",
				given(in, half, also("2026-10-01", "2026-11-01T00:00:01Z", "USD", law.half)), "120 days"),
			about("written-contract-in-120-days").holds("the other contract begins a second after this one", "it counts this one, not the other way round",
				given(in, half, also("2027-03-01T00:00:01Z", "2027-04-01", "USD", law.half))),
			about("written-contract-in-120-days").holds("the person was an agency worker then", "it was no contract between the two",
				given(in, half, alsoAs(v1alpha1.AgencyWorker, "Acme", "2027-01-01", "2027-02-01", "USD", law.half))),
			about("written-contract-in-120-days").holds("both are in writing", "that is what the law asks", given(in, half, inWriting, also("2027-01-01", "2027-02-01", "USD", law.half))),
			about("written-contract").fails("there is a digest and no place where the contract is", "nobody can read it", given(in, budget("USD", law.just), placeless), "documentURI"),
			about("written-contract-in-120-days").fails("the other contract begins with this one", "they count together", given(in, half, also("2027-03-01", "2027-04-01", "USD", law.half)), "120 days"),
			about("written-contract-in-120-days").fails("it does, in another currency", "nobody can tell", given(in, half, also("2027-03-01", "2027-04-01", "CAD", "1")), "another currency"),
			about("written-contract-in-120-days").holds("contracts in another currency ended 120 days before, or begin later, or were an agency's", "none of them counts",
				given(in, half, also("2026-10-01", "2026-11-01", "CAD", "1"), also("2027-03-01T00:00:01Z", "2027-04-01", "CAD", "1"), alsoAs(v1alpha1.AgencyWorker, "Acme", "2027-01-01", "2027-02-01", "CAD", "1"))),
			about("written-contract-in-120-days").holds("this contract alone is for USD "+law.just, "the other rule says so, once for everybody", given(in, budget("USD", law.just))),
			about("written-contract-in-120-days").holds("this contract is in another currency", "the other rule says so, once for everybody",
				given(in, budget("EUR", law.below), also("2027-01-01", "2027-02-01", "USD", law.half))),
			about("written-contract-in-120-days").fails("the other contract is in another currency", "currencies are never converted, so nobody can tell",
				given(in, half, also("2027-01-01", "2027-02-01", "CAD", "1")), "another currency"),
		)
	}
	return all
}
