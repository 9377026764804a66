// The file that carries the precompiled headers of the tests.
