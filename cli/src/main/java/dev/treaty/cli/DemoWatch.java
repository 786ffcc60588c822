package dev.treaty.cli;

import dev.treaty.Treaty;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

final class DemoWatch implements Runnable {
    DemoWatch(Treaty caller, DemoFleet fleet) {}
    void delay(DemoProcess process, Duration delay) throws IOException, InterruptedException {}
    @Override public void run() {}
    void look() {}
    DemoCounts counts() { return DemoCounts.NONE; }
    List<DemoView.Instance> instances() { return List.of(); }
}
