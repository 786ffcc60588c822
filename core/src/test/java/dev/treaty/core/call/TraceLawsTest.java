package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class TraceLawsTest {
    @Property
    void every_trace_is_parsed_from_its_header(@ForAll long seed, @ForAll boolean sampled) {
        Trace started = Trace.start(new Random(seed));
        Trace trace = new Trace(started.traceHigh(), started.traceLow(), started.span(), sampled);
        assertThat(Trace.parse(trace.header())).contains(trace);
    }
}
