/**
 * The wire: calls as HTTP requests in the <a href="https://connectrpc.com/docs/protocol">Connect protocol</a>, unary,
 * with JSON bodies, so that {@code curl} and every Connect client can call a Treaty service.
 *
 * <p>{@link dev.treaty.http.HttpServer} hosts services and {@link dev.treaty.http.HttpTransport} calls them; each is
 * the edge of a pipeline, knows nothing of retries, balancing or registries, and speaks of failures as faults with one
 * of the sixteen codes. {@link dev.treaty.codec.JsonCodec} stands between both and Java: schemas are closed, and what
 * is wrong with a message is said in one sentence. The server is Helidon's, because the exposed edge deserves a parser
 * that many have tried to break; the client is written here, because that is where a library costs its callers most.
 *
 * <pre>{@code
 * try (var server = new HttpServer(HttpServerOptions.STANDARD, Time.system(), Chance.system());
 *         var transport = new HttpTransport(Time.system())) {
 *     var contract = ServiceContract.of(Orders.class);
 *     server.host(new HostedService(contract, Dispatcher.of(Orders.class, contract, orders, log), health));
 *     Transport.Connection connection = transport.connect(server.endpoint());
 *     Orders remote = ServiceProxy.of(Orders.class, contract, connection, contexts);
 * }
 * }</pre>
 */
package dev.treaty.http;
