select sex::text as sex, active, count(*) as patients
from {{ source('clinic', 'patients') }}
where active
group by 1, 2
order by 1, 2
