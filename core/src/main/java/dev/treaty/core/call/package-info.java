/**
 * Calls: requests with their context, responses, and the handlers and filters that process them.
 *
 * <p>A {@link dev.treaty.core.call.Handler} returns the response to a call; a {@link dev.treaty.core.call.Filter} wraps
 * a handler; a {@link dev.treaty.core.call.Pipeline} is filters around one handler. Clients and servers are composed of
 * nothing else. Neither has type parameters, so both can be lambdas; Java types exist at the edges, in {@link
 * dev.treaty.core.call.ServiceProxy} and {@link dev.treaty.core.call.Dispatcher}. All code blocks, on virtual threads.
 * Expected failures are {@linkplain dev.treaty.core.call.Fault values}; an exception is an internal error.
 *
 * {@snippet class="CallExample" region="filter"}
 *
 * <p>A fault has a message for people, and may have details for programs:
 *
 * {@snippet class="CallExample" region="detail"}
 */
package dev.treaty.core.call;
