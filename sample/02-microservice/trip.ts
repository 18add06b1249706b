/**
 * What the API and the workers agree on: names, and the shape of what goes to and fro. The API has nothing else of the
 * workers, so both can be deployed alone.
 */
export interface Trip {
  /** The traveller's own number of the trip: the same number is the same trip. */
  readonly number: string;
  readonly from: string;
  readonly to: string;
  readonly nights: number;
}

export interface Itinerary {
  readonly flight: string;
  readonly hotel: string;
  readonly car: string;
}

export interface Quote {
  readonly euros: number;
}

export const TRIPS = 'TripService';
export const BOOK = { service: TRIPS, handler: 'book' };
export const QUOTE = { service: TRIPS, handler: 'quote' };
