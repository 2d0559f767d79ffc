"""Tests of Vigil, mirrored on its packages."""
