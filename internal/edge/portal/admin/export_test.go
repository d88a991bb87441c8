package admin

// Areas returns the paths of the areas, below /@{domain}/admin.
func Areas() (paths []string) {
	for _, g := range areas {
		for _, a := range g.areas {
			paths = append(paths, a.path)
		}
	}
	return paths
}
