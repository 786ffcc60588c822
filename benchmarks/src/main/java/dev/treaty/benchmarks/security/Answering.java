package dev.treaty.benchmarks.security;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

/** The service that is flooded. */
@Contract(name = Answering.NAME, version = "1.0.0")
interface Answering {
    /** Its name. */
    String NAME = "bench.Answering";

    /** Returns what it is given. */
    @Idempotent
    String answer(String what);
}
