/** The lock-free classes of balancing under real races. */
@NullMarked
package dev.treaty.balance;

import org.jspecify.annotations.NullMarked;
