package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;

/**
 * How calls to one service are balanced here.
 *
 * @param policy how they are spread
 * @param routing which instances they may be for
 * @param place where this process stands among its like
 * @param connectionsMax how many calls may be under way at one instance
 */
public record BalancingSetup(BalancePolicy policy, RoutingPolicy routing, Locality place, int connectionsMax) {}
