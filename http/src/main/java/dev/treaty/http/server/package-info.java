/**
 * The server side of HTTP: connections with HTTP/1.1 and HTTP/2, requests and their limits, and responses.
 *
 * <p>{@link dev.treaty.http.server.Listener} accepts connections on Netty's event loops. A connection with HTTP/1.1 or
 * a stream of HTTP/2 has one exchange at a time. The {@link dev.treaty.http.server.Application}, which is {@code
 * dev.treaty.http.HttpServer}, decides by the {@link dev.treaty.http.server.Request} head what is done; the {@link
 * dev.treaty.http.server.Action} then runs on a virtual thread and returns the {@link dev.treaty.http.server.Response}.
 * {@link dev.treaty.http.server.RequestHead} reads the headers of a call, {@link dev.treaty.http.server.Responses}
 * creates responses, and {@link dev.treaty.http.server.BodyBudget} limits the bytes that all requests hold.
 */
package dev.treaty.http.server;
