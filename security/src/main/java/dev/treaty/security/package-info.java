/** Who calls and what a caller may do: TLS from files, tokens and API keys, and rules of access. */
package dev.treaty.security;
