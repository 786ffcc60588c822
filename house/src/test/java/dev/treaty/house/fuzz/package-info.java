/** Inputs for every parser of texts from outside. */
@NullMarked
package dev.treaty.house.fuzz;

import org.jspecify.annotations.NullMarked;
