/** The exact confidence bound of a rate of rare events. */

const ROUNDS = 100;

/**
 * Returns the upper bound of the expected number of events after `count` were seen: the mean at which so few have a probability of 1 -
 * `confidence`. For 0 events and 0.95 it is 3.0. Source: Garwood 1936.
 */
export function poissonUpper(count: number, confidence: number): number {
  let [low, high] = [count, 10 * (count + 5)];
  for (let round = 0; round < ROUNDS; round++) {
    const mean = (low + high) / 2;
    if (atMost(count, mean) > 1 - confidence) low = mean;
    else high = mean;
  }
  return high;
}

/** The probability of at most `count` events. */
function atMost(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let k = 1; k <= count; k++) {
    term *= mean / k;
    sum += term;
  }
  return sum;
}
