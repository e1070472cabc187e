-- Whose key it is: what is approved with it counts as approved by that member. null = nobody's but its own.
alter table holdfast.api_keys add column member_id uuid;
