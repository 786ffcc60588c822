/**
 * The server side of HTTP/1.1: request headers, rejected requests, replies, and connection deadlines.
 *
 * <p>{@code dev.treaty.http.HttpServer} listens and dispatches. {@link dev.treaty.http.server.RequestHead} reads the
 * headers of a call, {@link dev.treaty.http.server.Replies} writes everything that is not a result, and {@link
 * dev.treaty.http.server.Connections} closes connections whose client does not send or read in time.
 */
package dev.treaty.http.server;
