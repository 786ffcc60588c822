/**
 * Events: one stream of everything that happens, from which metrics, logs, traces and consoles are made.
 *
 * <p>Pipelines and policies emit {@linkplain dev.treaty.core.event.Event events} and do not know the subscribers, so
 * that policies contain no code for metrics, and a new kind of observation is another subscriber. Subscribers run on
 * the thread that emits and must not block.
 *
 * {@snippet class="EventExample" region="subscribe"}
 */
package dev.treaty.core.event;
