"""Which pictures to label first, by what labelling them would teach."""
