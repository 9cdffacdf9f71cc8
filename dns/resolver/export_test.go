package resolver

// Table is the compiled table of states.
var Table = table
