/**
 * HTTP transport and server: calls as HTTP requests in the <a href="https://connectrpc.com/docs/protocol">Connect
 * protocol</a>, unary, with JSON bodies, so that {@code curl} and every Connect client can call a Treaty service.
 *
 * <p>{@link dev.treaty.http.HttpServer} hosts services and {@link dev.treaty.http.HttpTransport} calls them; each is
 * the end of a pipeline, without retries, balancing or registries, and returns failures as faults with one of the
 * sixteen codes. {@link dev.treaty.codec.JsonCodec} converts between messages and Java: schemas are closed, and a
 * problem with a message is described in one sentence. The server is built on Netty, because an exposed parser
 * should be widely used; the client is part of this module, because it determines the latency of calls.
 *
 * <pre>{@code
 * try (var server = new HttpServer(HttpServerOptions.STANDARD, Time.system(), RandomSource.system());
 *         var transport = new HttpTransport(Time.system())) {
 *     var contract = ServiceContract.of(Orders.class);
 *     server.host(new HostedService(contract, Dispatcher.of(Orders.class, contract, orders, log), health));
 *     Transport.Connection connection = transport.connect(server.endpoint());
 *     Orders remote = ServiceProxy.of(Orders.class, contract, connection, contexts);
 * }
 * }</pre>
 */
package dev.treaty.http;
