// Lets the tests' compiler read the state classes: it is told of runes here.
/// <reference types="svelte" />
