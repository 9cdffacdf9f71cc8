package ftp

// MonthNames are the names of months, a language each.
var MonthNames = monthNames
