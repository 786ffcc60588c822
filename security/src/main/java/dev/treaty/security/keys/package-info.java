/**
 * Where keys come from and are kept: the providers of OpenID Connect, which publish theirs at an address that is found
 * by discovery, and the files of a directory that only its owner can read. Whatever is read from the network is bounded
 * in size and in time, comes from the configured origin only, and is kept while the provider cannot be reached.
 */
@NullMarked
package dev.treaty.security.keys;

import org.jspecify.annotations.NullMarked;
