/**
 * Who calls and what a caller may do: tokens and API keys, and rules of access.
 *
 * <p>{@link dev.treaty.security.TokenAuthenticator} finds out who sends a request. It accepts tokens of other issuers,
 * found by OpenID Connect Discovery, and tokens and API keys of Treaty's own {@link dev.treaty.security.TokenService},
 * whose keys and revocations a {@link dev.treaty.security.TokenFollower} follows in every process. {@link
 * dev.treaty.security.TokenSources} are where a client's tokens come from. {@link dev.treaty.security.AccessRules}
 * decide what a caller may do.
 *
 * {@snippet class="TokenExample" region="tokens"}
 *
 * {@snippet class="AccessExample" region="decide"}
 *
 * <p>An {@link dev.treaty.security.AccessMatrix} asserts in a test who may do what:
 *
 * {@snippet class="AccessExample" region="matrix"}
 */
package dev.treaty.security;
