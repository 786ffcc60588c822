/** Registries. */
package dev.treaty.registry;
