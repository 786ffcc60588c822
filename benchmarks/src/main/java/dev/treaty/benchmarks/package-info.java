/**
 * Measurements of Treaty, run by name:
 *
 * <pre>{@code ./treaty bench call --quick --json call.json}</pre>
 *
 * <p>A {@link Benchmark} is a command with options of its own. What it measures is a list of {@link Sample}s: the
 * figures of one subject in one setting in one round. The rounds of all subjects are interleaved, so that whatever else
 * the machine does meets all of them alike. A {@link Report} makes rows of the samples, one per subject and setting,
 * and ratios, one per peer, setting and figure, above 1 where Treaty is better. Every benchmark reports in that shape:
 *
 * <pre>{@code
 * var figures = List.of(Figure.lower("time", "ns"), Figure.lower("allocation", "B"));
 * var samples = new ArrayList<Sample>();
 * for (int round = 0; round < 5; round++) {
 *     samples.add(new Sample("treaty", "t1", round, Map.of("time", 60.0, "allocation", 0.0)));
 *     samples.add(new Sample("peer", "t1", round, Map.of("time", 120.0, "allocation", 40.0)));
 * }
 * Report.of("guards", List.of("what was measured"), figures, "treaty", samples).ratios(); // {peer.t1.time=2.0}
 * }</pre>
 *
 * <p>Benchmarks of single operations are written with JMH, whose annotations are processed in this module only.
 *
 * <p>The module is not published, and no other module depends on it.
 */
@NullMarked
package dev.treaty.benchmarks;

import org.jspecify.annotations.NullMarked;
