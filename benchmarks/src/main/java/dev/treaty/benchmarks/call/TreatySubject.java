package dev.treaty.benchmarks.call;
final class TreatySubject implements Subject {
    public String name() { return "treaty"; }
    public String about() { return "later"; }
    public Server serve() { throw new IllegalStateException(); }
    public Client connect(int port) { throw new IllegalStateException(); }
}
