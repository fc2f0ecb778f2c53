"""Every figure of a bundle: with intervals, by slice, against others, under changed names."""
