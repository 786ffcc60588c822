package dev.treaty.benchmarks.call;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;

/** The service that is measured: answers every order with the order itself. */
@Contract(name = "bench.Echo", version = "1.0.0")
interface Echo {
    @Idempotent
    Order echo(Order order);
}
