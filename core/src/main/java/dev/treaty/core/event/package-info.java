/**
 * Events: the one stream of what happens in the fabric, from which metrics, logs, traces and consoles are made.
 *
 * <p>Pipelines and policies emit {@linkplain dev.treaty.core.event.Event events} and know nothing of who listens, so
 * there is no metric code inside a policy, and a new way to look at calls is one more subscriber. Subscribers run on
 * the thread that emits: they count, or hand over, and never wait.
 *
 * {@snippet class="EventExample" region="subscribe"}
 */
package dev.treaty.core.event;
