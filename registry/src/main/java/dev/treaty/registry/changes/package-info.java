/**
 * Instances and the sequence of their changes.
 *
 * <p>A {@link dev.treaty.registry.changes.ChangeLog} numbers every change with a revision and keeps the latest ones,
 * so that a watcher continues from the revision that it has seen. {@link dev.treaty.registry.changes.InstanceList} is
 * the immutable list of one service's instances. {@link dev.treaty.registry.changes.Watchers} notifies watchers
 * within this process, and {@link dev.treaty.registry.changes.WatcherAcks} records which revisions they have
 * acknowledged: a draining instance waits for that. {@link dev.treaty.registry.changes.CurrentSettings} and {@link
 * dev.treaty.registry.changes.SettingsWatchers} are the same for central settings, of which only the last ones count.
 */
package dev.treaty.registry.changes;
