/**
 * Treaty as a whole: serve contracts, call services, and see what happens, through one object.
 *
 * <p>{@link dev.treaty.Treaty} turns settings into policies and assembles the two pipelines, one method per side, from
 * the modules below. A client's call is observed, gets its deadline, perhaps a fallback, is retried within a budget and
 * balanced to a node, which stands for one instance with its breaker and its connection. On the service's side it is
 * observed, dropped where nobody waits any longer, and dispatched to your code. {@link dev.treaty.ServiceClient} calls
 * by name, without Java interfaces; {@link dev.treaty.ServedService} is a service that is offered; {@link
 * dev.treaty.Introspection} is what a process tells about itself.
 *
 * {@snippet class="GreetingsExample" region="greetings"}
 */
package dev.treaty;
