/**
 * Contracts: what a service promises, written as a Java interface and read into immutable data.
 *
 * <p>A contract is the one thing that both sides of a call share. Reading it is strict, and happens when a service or a
 * client starts: a type that cannot travel is refused there, with a message that names the method, rather than in the
 * first call. What is read is plain data, independent of Java: it has a text form, a fingerprint, and JSON Schema and
 * OpenAPI forms, and callers without the interface can use it.
 *
 * {@snippet class="ContractExample" region="contract"}
 */
package dev.treaty.core.contract;
