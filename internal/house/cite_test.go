package house_test

import (
	"testing"

	"applayer/internal/house"
)

func TestCitations(t *testing.T) {
	none(t, house.CheckCitations(module(t)))
}

func TestCitationsFindPlantedFaults(t *testing.T) {
	tests := []struct{ text, want string }{
		{"RF-C 5321 §4.5.2", ""},
		{"RF-C 5321 §4.5.2: leading dot", ""},
		{"see RF-C 9051 §A.1 and RF-C 5321 §B.", ""},
		{"RF-C 5321", ""},
		{"RF-C 5321, and section 4 of nothing", ""},
		{"RF-C 2045-2049/2047/2231", ""},
		{"RF-C 9110/9112: messages", ""},
		{"RF-Cs 5321 and 5322", ""},
		{"RF-C 854 codec, 3.5 times", ""},
		{"time.RF-C1123Z and RF-C822.SIZE", ""},
		{"(RF-C 9112 §5.1)", ""},
		{"RF-C n §s", ""},
		{"RF-C5321 §4", "one space stands between"},
		{"RF-C-5321", "one space stands between"},
		{"RF-C  5321", "one space stands between"},
		{"RF-C 0793 §3", "no leading zero"},
		{"RF-C 5321 section 4.5", "the section is §"},
		{"RF-C 5321, section 4.5", "the section is §"},
		{"RF-C 5321 (section 4.5)", "the section is §"},
		{"RF-C 5321, Sec. 4", "the section is §"},
		{"RF-C 5321 4.5.2", "the section is §"},
		{"RF-C 5321, 4.5", "the section is §"},
		{"RF-C 5321§4.5", "the section is §"},
		{"RF-C 5321 § 4.5", "the section is §"},
		{"RF-C 5321 §§4.5", "the section is §"},
		{"RF-C 5321  §4.5", "the section is §"},
		{"RF-C 5321 §four", "the section is §"},
		{"RF-C 9051 Appendix A", "the section is §"},
		{"section 4.5 of RF-C 5321", "the section stands after"},
		{"§4.5 of RF-C 5321", "the section stands after"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			planted(t, house.CheckCitations, tt.want, "a/a.go", "package a\n\n// F is "+tt.text+"\nfunc F() {}\n")
			planted(t, house.CheckCitations, tt.want, "a/a_test.go", "package a\n\nvar s = \""+tt.text+"\"\n")
		})
	}
	planted(t, house.CheckCitations, "a/a.go:3: citation", "a/a.go", "package a\n\n// F is RF-C\n// 5321.\nfunc F() {}\n")
	planted(t, house.CheckCitations, "cut by the end of a line", "a/a.go", "package a\n\n// F is RF-C 5321\n// §4.\nfunc F() {}\n")
}
