import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient, type EventData, type Published } from 'nestjs-durable';
import { Country } from './country.js';
import { InvalidEventFilter } from './invalid-event.filter.js';
import { UserSignedUp } from './user-signed-up.event.js';

@Controller()
@UseFilters(InvalidEventFilter)
export class UsersController {
  constructor(private readonly durable: DurableClient) {}

  /** Answers once everybody's invocation is committed. The address names the event: signed up twice, it happens once. */
  @Post('users')
  @HttpCode(202)
  signUp(@Body() user: EventData<UserSignedUp>): Promise<Published> {
    return this.durable.publish(UserSignedUp, user, { id: user.email });
  }

  @Get('countries/:country')
  async users(@Param('country') key: string): Promise<{ users: number }> {
    return { users: await this.durable.call(Country, { key }).users() };
  }
}
