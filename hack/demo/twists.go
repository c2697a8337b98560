package main

import "time"

// What does not go smoothly. Everything else people do because the API says that it waits for them.
var (
	// declines is who turns the offer down, by engagement.
	declines = map[string]string{"spring-campaign-designer": "leo"}
	// sentBack is the deliverable that is not accepted at first, by engagement.
	sentBack = map[string]string{"spring-campaign-designer": "logo-set"}
	// failsFirst are the trainings that take a second attempt.
	failsFirst = map[string]bool{"brand-guidelines": true}
	// resigning is the engagement whose worker leaves halfway, and when they say so.
	resigning   = "back-end"
	resignsOn   = time.Date(2026, time.December, 21, 9, 0, 0, 0, time.UTC)
	resignsWith = 48 * time.Hour // notice
)

func trainingScore(step string, attempt int32) int32 {
	if failsFirst[step] && attempt == 0 {
		return 70
	}
	return 92
}
