/**
 * Calls: one request on its way, and the few shapes that everything between caller and service is made of.
 *
 * <p>A {@link dev.treaty.core.call.Handler} answers a call; a {@link dev.treaty.core.call.Filter} wraps a handler; a
 * {@link dev.treaty.core.call.Pipeline} is filters around one handler. There is no other composition, on either side.
 * Neither has type parameters, so both can be lambdas; types exist at the edges, in {@link
 * dev.treaty.core.call.ServiceProxy} and {@link dev.treaty.core.call.Dispatcher}. Everything blocks, on virtual
 * threads. Expected failures are {@linkplain dev.treaty.core.call.Fault values}; an exception means a mistake.
 *
 * {@snippet class="CallExample" region="filter"}
 */
package dev.treaty.core.call;
