package mask

// Like says that a method does to parts of a text what the rules of fields do with another
// method, so that the arguments of both should be the same.
type Like struct {
	Method string
	// With are arguments that rules of the other method must have to be meant.
	With Args
	// Args are those that should be the same.
	Args []LikeArg
}

// LikeArg is an argument of a method, by its name there and in the other method.
type LikeArg struct {
	Own, Other string
	// Default and OtherDefault are what they are without it.
	Default, OtherDefault any
}
