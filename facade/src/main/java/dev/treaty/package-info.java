/**
 * The entry point of Treaty: serving contracts, calling services, and looking inside, through one object.
 *
 * <p>{@link dev.treaty.Treaty} turns settings into policies and creates the two pipelines from the modules below. A
 * client's call is measured, gets its deadline, is retried within a budget, possibly answered by a fallback, and is
 * balanced to a node, which represents one instance with its breaker and its connection. On the server it is measured,
 * rejected if its deadline has passed or a limit is reached, and dispatched to the implementation. {@link
 * dev.treaty.ServiceClient} calls services by name, without Java interfaces; {@link dev.treaty.ServedService} is a
 * service that this process serves; {@link dev.treaty.Introspection} reports the status of a process.
 *
 * {@snippet class="GreetingsExample" region="greetings"}
 *
 * <p>{@link dev.treaty.Filters} are added to both pipelines, here for a header that each client sends and each service
 * requires:
 *
 * {@snippet class="TenantExample" region="filters"}
 *
 * <p>{@link dev.treaty.Configuration} has the settings while the process runs. Records of the application are bound to
 * the group {@code app} of the settings; a change that is not valid for a bound record is refused:
 *
 * {@snippet class="ConfigurationExample" region="payments"}
 *
 * {@snippet class="ConfigurationExample" region="watch"}
 */
package dev.treaty;
