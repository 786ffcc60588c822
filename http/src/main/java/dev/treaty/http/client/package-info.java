/**
 * The client side of HTTP/1.1: connections, their pool, and the response parser.
 *
 * <p>{@link dev.treaty.http.client.HttpConnection} sends one request and reads one response over a {@link
 * dev.treaty.http.client.PooledConnection} that a {@link dev.treaty.http.client.ConnectionPool} lends to it. {@link
 * dev.treaty.http.client.ByteChannel} is the connection as bytes, a socket or an in-memory one; {@link
 * dev.treaty.http.client.ResponseReader} parses responses strictly by RFC 9112. {@code dev.treaty.http.HttpTransport}
 * owns one pool for each endpoint.
 */
package dev.treaty.http.client;
