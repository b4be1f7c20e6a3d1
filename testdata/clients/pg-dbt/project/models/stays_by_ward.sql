with stays as (
    select department, los_days from {{ source('clinic', 'encounters') }}
),
wards as (
    select name, floor from {{ source('clinic', 'departments') }}
)
select wards.floor, count(*) as stays, sum(stays.los_days) as days
from stays
inner join wards on wards.name = stays.department
group by 1
order by 1
