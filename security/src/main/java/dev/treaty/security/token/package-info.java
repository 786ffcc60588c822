/**
 * Signed tokens in their compact form (RFC 7515, RFC 7519): a strict parser, keys that verify them, and what bounds the
 * work for tokens that are not valid. The parser accepts one text for one token: no duplicate members, no other form of
 * Base64, no header that names a key or another meaning. A key verifies tokens of its own algorithm only, whatever the
 * header of a token says.
 *
 * <pre>{@code
 * ParsedToken token = ParsedToken.parse(text);
 * boolean genuine = key.verifies(token); // a key of the issuer, with the id and the algorithm of the token
 * }</pre>
 */
@NullMarked
package dev.treaty.security.token;

import org.jspecify.annotations.NullMarked;
