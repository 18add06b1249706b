import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('shop_order')
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  sku!: string;

  @Column('int')
  amount!: number;

  @Column('text', { default: 'placed' })
  status!: 'placed' | 'packed' | 'shipped' | 'sold out';

  @Column('text', { nullable: true })
  label!: string | null;
}
