"""Files from strangers: valid ones made here, changed in nasty ways, and read where nothing can be harmed."""
