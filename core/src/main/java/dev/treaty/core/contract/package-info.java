/**
 * Contracts: what a service promises, written as a Java interface and read into immutable data.
 *
 * <p>Clients and servers share nothing but the contract. It is read, and checked strictly, when a service or a client
 * starts: a type that messages cannot contain fails there, with an error that names the method, and not in the first
 * call. {@link dev.treaty.core.contract.ServiceContract} is plain data, independent of Java: it has a text form, a
 * fingerprint, JSON Schema and OpenAPI, and clients without the interface can use it. Package {@code compatibility}
 * compares two versions.
 *
 * {@snippet class="ContractExample" region="contract"}
 */
package dev.treaty.core.contract;
