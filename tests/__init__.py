"""Tests, in the order of the code. A package, because a library that they compare with installs one of this name."""
