package directory

// Table is the compiled table, for the exhaustive tests.
var Table = table
