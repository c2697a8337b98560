package compliance

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func companyCap() []example {
	about := rulesOf("company-tenure-cap")
	in, long := in("US-WA"), from("2027-03-01", "2028-12-01")
	return []example{
		about(theTenure).holds("in the last second of 18 months", "18 months are allowed", given(in, long, at("2028-08-31T23:59:59Z"))),
		about(theTenure).fails("a second later", "18 months are over", given(in, long, at("2028-09-01"))),
		about(theTenure).fails("after 18 months of which six were before a break of six", "only a longer break begins the count anew",
			given(in, long, also("2026-03-01", "2026-09-01", "USD", "100"), at("2028-03-01"))),
		about(theTenure).holds("the same, after a break of six months and a day", "the count begins anew",
			given(in, long, also("2026-03-01", "2026-08-31", "USD", "100"), at("2028-03-01"))),
	}
}

func coEmployment() []example {
	about := rulesOf("co-employment-guard")
	academy, daily := withStep("academy", v1alpha1.StepTraining), withStep("stand-up", v1alpha1.StepMeeting)
	const one, several, onlyShifts, shiftsAndOther = "one-kind-of-evidence", "several-kinds-of-evidence", "only-shifts", "shifts-and-other-evidence"
	const week = 7 * 24 * time.Hour
	return []example{
		about(one).holds("documents are asked for, reviews are weekly, pay is by deliverable", "none of it is control", given(withStep("nda", v1alpha1.StepDocument), reviewedEvery(week), paidPer(v1alpha1.PerDeliverable))),
		about(one).fails("a training has to be passed", "it is evidence of behavioural control", given(academy), "[training]"),
		about(one).fails("meetings have to be held", "they are where instructions are given", given(daily), "[meetings]"),
		about(one).fails("a review is held a second more often than weekly", "the work is supervised", given(reviewedEvery(week-time.Second)), "[reviews more often than weekly]"),
		about(one).fails("pay is by the hour", "the method of payment is evidence of financial control", given(paidPer(v1alpha1.PerHour)), "[pay by the hour or day]"),
		about(several).holds("a training has to be passed, and nothing else", "one kind is only told", given(academy)),
		about(several).holds("two trainings have to be passed", "they are one kind", given(academy, withStep("tools", v1alpha1.StepTraining))),
		about(several).fails("a training has to be passed, and pay is by the day", "two kinds add up", given(academy, paidPer(v1alpha1.PerDay)), "[training] [pay by the hour or day]"),
		about(several).fails("training, meetings, daily reviews, pay by the hour", "each kind is named", given(academy, daily, reviewedEvery(24*time.Hour), paidPer(v1alpha1.PerHour)),
			"[training] [meetings] [reviews more often than weekly] [pay by the hour or day]"),
		about(onlyShifts).holds("the person is listed for no shifts", "they work when they choose", given()),
		about(onlyShifts).fails("the person is listed for shifts", "hours that are set are evidence of control", given(onShifts("early", "late")), "[shifts that they are listed for]"),
		about(shiftsAndOther).holds("the person is listed for shifts, and nothing else is asked", "one kind is only told", given(onShifts("early"))),
		about(shiftsAndOther).fails("shifts, and pay by the hour", "two kinds add up", given(onShifts("early"), paidPer(v1alpha1.PerHour)), "[shifts that they are listed for] [pay by the hour or day]"),
	}
}
