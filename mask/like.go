package mask

// Like says that a method does to parts of a text what the rules of fields do with another
// method, so that the arguments of both should be the same.
type Like struct {
	Method string
	// With are arguments that a rule of the other method must have to be compared.
	With Args
	// Args are the arguments that should be equal.
	Args []LikeArg
}

// LikeArg pairs an argument of a method with that of another method.
type LikeArg struct {
	Own, Other string
	// Default and OtherDefault are their values when the argument is missing.
	Default, OtherDefault any
}
