/**
 * {@code treaty demo}: a small shop under load, with injected faults.
 *
 * <p>{@link dev.treaty.demo.Demo} runs one demo from the first process to the report. {@link
 * dev.treaty.demo.ShopProcesses} starts the services of the shop as separate processes, {@link dev.treaty.demo.WarmUp}
 * measures what the machine carries, {@link dev.treaty.demo.OpenLoop} calls the storefront at a fixed rate, {@link
 * dev.treaty.demo.Timetable} injects faults, and {@link dev.treaty.demo.DemoReport} prints what callers noticed of
 * each.
 */
package dev.treaty.demo;
