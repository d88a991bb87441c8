package jose

import "math/big"

// roca lists the primes by which the weak keys of CVE-2017-15361 are known.
var roca = []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// guessable reports whether n was made by the generator of CVE-2017-15361: its
// remainders by small primes are all powers of 65537. One good key in a hundred
// million looks the same.
func guessable(n *big.Int) bool {
	var rem big.Int
	for _, p := range roca {
		if !isPower(rem.Mod(n, big.NewInt(p)).Int64(), p) {
			return false
		}
	}
	return true
}

// isPower reports whether x is a power of 65537 modulo p.
func isPower(x, p int64) bool {
	for y, i := int64(1), int64(0); i < p; y, i = y*(65537%p)%p, i+1 {
		if x == y {
			return true
		}
	}
	return false
}
